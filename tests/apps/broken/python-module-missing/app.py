import flaskish
