package com.example.core;

import com.google.gson.Gson;

public record Quote(String text, String author) {
    public String json() {
        return new Gson().toJson(this);
    }
}
