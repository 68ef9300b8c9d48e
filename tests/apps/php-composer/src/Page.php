<?php

namespace Acme\Notes;

use Acme\Clock\Clock;

final class Page
{
    public function render(string $path): string
    {
        $number = (new \NumberFormatter('de_DE', \NumberFormatter::DECIMAL))->format(1234.5);

        return "Notes at $path: a day has " . (new Clock())->seconds(24) . " seconds, $number\n";
    }
}
