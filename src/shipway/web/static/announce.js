// Tells people who listen to the page instead of looking at it.

export function announce(text) {
  const line = document.createElement("span");
  line.textContent = `${text}. `;
  const place = document.getElementById("announce");
  place.append(line);
  while (place.childElementCount > 5) place.firstElementChild.remove();
}
