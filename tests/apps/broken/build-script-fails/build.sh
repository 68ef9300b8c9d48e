echo 'Error: the theme is broken' >&2
exit 3
