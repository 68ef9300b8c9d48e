//! What the programs of the shop share.

/// The price of so many pieces, in cents.
pub fn price(pieces: u32) -> u32 {
    pieces * 250
}
