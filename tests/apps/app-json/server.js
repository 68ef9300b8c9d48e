const http = require("node:http");

http
  .createServer((request, response) => {
    response.writeHead(200, { "Content-Type": "text/plain" });
    response.end(request.url === "/up" ? "up" : `greetings from ${process.env.GREETER || "nobody"}`);
  })
  .listen(process.env.PORT, "0.0.0.0");
