const polka = require("polka");
const { greeting } = require("@shop/words");

polka()
  .get("/", (request, response) => response.end(greeting))
  .listen(process.env.PORT);
