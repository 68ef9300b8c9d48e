<?php
$database = mysqli_init();
mysqli_real_connect($database, getenv('DB_HOST'), getenv('DB_USER'), getenv('DB_PASSWORD'), 'books');
foreach (mysqli_query($database, 'SELECT title FROM books') as $row) {
    echo htmlspecialchars($row['title']), '<br>';
}
