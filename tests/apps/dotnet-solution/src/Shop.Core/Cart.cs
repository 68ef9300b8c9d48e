namespace Shop.Core;

public record Cart(int Items)
{
    public string Describe() => $"{Items} items in the cart";
}
