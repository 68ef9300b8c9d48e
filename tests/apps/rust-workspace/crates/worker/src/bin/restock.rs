use std::{thread, time::Duration};

fn main() {
    loop {
        println!("restocking at {} cents", shop_core::price(1));
        thread::sleep(Duration::from_secs(60));
    }
}
