using Shop.Core;

var app = WebApplication.Create(args);
app.MapGet("/", () => new Cart(3).Describe());
app.Run();
