import { createServer } from "node:http";

const port: number = Number(process.env.PORT);
createServer((request, response) => response.end("hello")).listen(port);
