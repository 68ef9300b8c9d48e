use std::{env, fs};

use axum::{Router, response::Html, routing::get};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() {
    let port = env::var("PORT").unwrap_or_else(|_| "8080".into());
    let listener = TcpListener::bind(format!("0.0.0.0:{port}")).await.expect("the port is free");
    let app = Router::new().route("/", get(greet));
    axum::serve(listener, app).with_graceful_shutdown(terminated()).await.expect("it serves");
}

async fn greet() -> Html<String> {
    let page = fs::read_to_string("templates/index.html").expect("the template is there");
    Html(page.replace("{name}", "Axum"))
}

async fn terminated() {
    signal(SignalKind::terminate()).expect("signals can be had").recv().await;
}
