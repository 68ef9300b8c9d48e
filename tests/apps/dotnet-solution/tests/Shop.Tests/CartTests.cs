using Shop.Core;
using Xunit;

public class CartTests
{
    [Fact]
    public void ItCountsItsItems() => Assert.Equal("3 items in the cart", new Cart(3).Describe());
}
