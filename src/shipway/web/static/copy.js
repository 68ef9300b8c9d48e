// A button beside commands that puts them on the clipboard, where the browser lets us.

export function offerCopies(within = document) {
  if (!navigator.clipboard) return;
  for (const box of within.querySelectorAll("[data-copy]")) box.append(copyButton(box));
}

function copyButton(box) {
  const lines = [...box.querySelectorAll("code")];
  const button = document.createElement("button");
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(lines.map((line) => `${line.textContent}\n`).join(""));
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  return button;
}
