require("net").connect(8000, "127.0.0.1");
