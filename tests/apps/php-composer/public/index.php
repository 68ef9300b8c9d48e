<?php

require __DIR__ . '/../vendor/autoload.php';

header('Content-Type: text/plain');
echo (new Acme\Notes\Page())->render(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
echo 'as ', posix_geteuid() === 0 ? 'root' : 'a user', ', ', $_SERVER['HTTPS'] ?? 'http', "\n";
