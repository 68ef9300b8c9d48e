require("node:http").createServer((_, response) => response.end("production")).listen(process.env.PORT);
