const { place } = require("@shop/tools");

require("@shop/words");
place("server.js", "dist");
