const http = require("node:http");
const { greeting } = require("@shop/words");

http
  .createServer((request, response) => response.end(`${greeting} from ${process.cwd()}`))
  .listen(process.env.PORT, "0.0.0.0");
