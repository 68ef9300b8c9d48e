export default [{ index: true, file: "routes/home.jsx" }];
