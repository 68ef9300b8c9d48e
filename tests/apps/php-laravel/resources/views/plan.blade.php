<h1>Plan</h1> @vite("resources/js/app.js")
