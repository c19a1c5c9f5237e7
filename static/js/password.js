// Add a button to each password field that shows or hides the password.
const labels = document.getElementById("password-words").dataset;

for (const field of document.querySelectorAll("input[type=password]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "show-password";
  button.setAttribute("aria-controls", field.id);
  button.setAttribute("aria-label", labels.showLabel);
  const set = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = shown ? labels.hide : labels.show;
    button.setAttribute("aria-pressed", String(shown));
  };
  set(false);
  button.addEventListener("click", () => {
    set(field.type === "password");
    field.focus();
  });
  // Browsers offer to save only fields of type password.
  field.form.addEventListener("submit", () => set(false));

  const wrapper = document.createElement("div");
  wrapper.className = "password-field";
  field.replaceWith(wrapper);
  wrapper.append(field, button);
}
