import { Hono } from "hono";

const app = new Hono();
app.get("/", (c) => c.text(`hello from Bun ${Bun.version}`));

export default app;
