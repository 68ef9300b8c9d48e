const kept = [];
for (;;) kept.push({ row: kept.length });
