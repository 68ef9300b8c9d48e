<?php

namespace Acme\Clock;

final class Clock
{
    public function seconds(int $hours): string
    {
        return bcmul((string) $hours, '3600');
    }
}
