require("node:http").createServer((_, response) => response.end("api")).listen(process.env.PORT);
