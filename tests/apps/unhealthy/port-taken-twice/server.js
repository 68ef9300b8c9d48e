const { createServer } = require("http");
const port = process.env.PORT;
createServer().listen(port, () => createServer().listen(port));
