import { Hono } from "hono";

const app = new Hono();
app.get("/", (c) => c.text(`hello from Deno ${Deno.version.deno}`));

Deno.serve({ port: Number(Deno.env.get("PORT")) }, app.fetch);
