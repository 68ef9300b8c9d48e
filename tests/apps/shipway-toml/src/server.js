const http = require("node:http");
const path = require("node:path");

if (process.argv.includes("--work")) {
  setInterval(() => console.log("working"), 60000);
} else {
  http
    .createServer((request, response) => response.end(`served from ${path.basename(__dirname)}`))
    .listen(process.env.PORT, "0.0.0.0");
}
