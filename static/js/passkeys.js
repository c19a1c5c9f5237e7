// Passkeys: each form with data-passkey sends what the browser says of one (WebAuthn).
const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=/g, "");

const decoded = (options) => {
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  for (const list of [options.allowCredentials, options.excludeCredentials]) {
    for (const credential of list ?? []) credential.id = bytes(credential.id);
  }
  return options;
};

const encoded = (credential) => {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
};

const send = (form, credential) => {
  form.elements.credential.value = encoded(credential);
  form.submit();
};

// The data of the page, or for a log-in from the server, because the page needs no session otherwise.
const data = async (form) => {
  const element = document.getElementById("passkey-data");
  if (element) return JSON.parse(element.textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
};

const actions = {
  add: async (form) => {
    const { publicKey } = (await data(form)).creation_options;
    publicKey.authenticatorSelection = {
      ...publicKey.authenticatorSelection,
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    };
    return navigator.credentials.create({ publicKey: decoded(publicKey) });
  },
  get: async (form, options = {}) => {
    const { publicKey } = (await data(form)).request_options;
    return navigator.credentials.get({ publicKey: decoded(publicKey), ...options });
  },
};
actions.login = actions.get;

const offer = (form) => {
  let waiting;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const message = form.querySelector("[data-failed]");
    message.textContent = "";
    waiting?.abort();
    try {
      send(form, await actions[form.dataset.passkey](form));
    } catch {
      message.textContent = message.dataset.failed;
    }
  });
  if (form.dataset.passkey !== "login") return;
  // The browser offers passkeys in the field for the address.
  PublicKeyCredential.isConditionalMediationAvailable?.().then(async (available) => {
    if (!available) return;
    waiting = new AbortController();
    const options = { mediation: "conditional", signal: waiting.signal };
    await actions.get(form, options).then((credential) => send(form, credential), () => {});
  });
};

if (window.PublicKeyCredential) {
  document.querySelectorAll("form[data-passkey]").forEach(offer);
  for (const button of document.querySelectorAll("[data-passkey-button]")) button.hidden = false;
}
