// Says hello, from which release. On SIGTERM it finishes the requests it has, then ends.
import { createServer } from "node:http";

const { PORT = 8080, SHIPWAY_RELEASE = "not released", SHIPWAY_INSTANCE = "this machine" } = process.env;

const server = createServer((request, response) => {
  response.setHeader("content-type", "text/plain; charset=utf-8");
  if (request.url === "/_health/") return response.end("ok\n");
  response.end(`Hello from release ${SHIPWAY_RELEASE}, instance ${SHIPWAY_INSTANCE}\n`);
});

server.listen(PORT, "0.0.0.0", () => console.log(`listening on ${PORT}`));
process.on("SIGTERM", () => server.close());
