<?php
header('Content-Type: text/plain');
echo 'Hello from PHP ', PHP_MAJOR_VERSION, ', ', getenv('GREETING') ?: 'no greeting', "\n";
echo 'extensions: ', implode(' ', array_filter(['mysqli', 'gd', 'mbstring'], 'extension_loaded')), "\n";
$picture = imagecreatetruecolor(2, 2);
echo 'pixels: ', imagesx($picture) * imagesy($picture), "\n";
