document.title = "Plan";
