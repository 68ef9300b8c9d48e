require("node:http").createServer((_, response) => response.end("node was chosen")).listen(process.env.PORT);
