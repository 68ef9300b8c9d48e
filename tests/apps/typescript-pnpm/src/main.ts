import fastify from "fastify";

fastify().listen({ host: "0.0.0.0", port: Number(process.env.PORT) });
