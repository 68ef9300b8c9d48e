const polka = require("polka");

polka()
  .get("/", (request, response) => response.end("hello"))
  .listen(process.env.PORT);
