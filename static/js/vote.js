// Show next to the vote control why a vote was refused or did not arrive. (An accepted vote needs no script.)
document.addEventListener("htmx:beforeSwap", (event) => {
  // "Too many votes" comes as the control with a message; htmx does not swap 4xx responses by itself.
  const { xhr, requestConfig } = event.detail;
  if (!requestConfig.elt.matches("[data-vote]") || ![400, 429].includes(xhr.status)) return;
  event.detail.shouldSwap = xhr.responseText.includes("data-vote");
});

for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(failure, (event) => {
    const control = event.detail.requestConfig.elt;
    if (!control.isConnected || !control.matches("[data-vote]")) return;
    control.querySelector("[data-vote-message]").textContent = control.dataset.failed;
  });
}

// Ignore the second click of a double click: by then the button can mean "withdraw".
document.addEventListener("click", (event) => {
  if (event.detail > 1 && event.target.closest("[data-vote] button")) {
    event.preventDefault();
    event.stopPropagation();
  }
}, { capture: true });
