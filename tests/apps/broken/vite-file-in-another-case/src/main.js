import "./Widget.js";
