const fs = require("node:fs");

exports.place = (file, folder) => {
  fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(file, `${folder}/${file}`);
};
