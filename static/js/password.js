// A button beside each password field that shows what is typed. Without this script there is no button.
const words = document.getElementById("password-words").dataset;

for (const field of document.querySelectorAll("input[type=password]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "show-password";
  button.setAttribute("aria-controls", field.id);
  button.setAttribute("aria-label", words.showLabel);
  const set = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? words.hide : words.show;
    button.setAttribute("aria-pressed", String(shown));
  };
  set(false);
  button.addEventListener("click", () => {
    set(field.type === "password");
    field.focus();
  });
  // The browser shall offer to keep it as a password.
  field.form.addEventListener("submit", () => set(false));

  const frame = document.createElement("div");
  frame.className = "password-frame";
  field.replaceWith(frame);
  frame.append(field, button);
}
