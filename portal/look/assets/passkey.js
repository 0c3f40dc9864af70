// Forms with a passkey: <form data-passkey="register|sign-in" data-options="/address">.
//
// The options of the ceremony are fetched from that address with the form's token, the browser holds the
// ceremony, and its answer travels as JSON in the field `credential` of the ordinary form. Without a browser
// that can, the form stays hidden and the page offers its other way.
"use strict";

(() => {
  const passkeys = window.SimpleWebAuthnBrowser;
  if (!passkeys || !passkeys.browserSupportsWebAuthn()) return;

  async function options(form) {
    const answer = await fetch(form.dataset.options, {
      method: "POST",
      credentials: "same-origin",
      headers: { Accept: "application/json" },
      body: new URLSearchParams({ csrf: form.elements.csrf?.value ?? "" }),
    });
    if (!answer.ok) throw new Error(`the options of the ceremony: ${answer.status}`);
    const read = await answer.json();
    return read.publicKey ?? read;
  }

  function send(form, credential) {
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  }

  function ceremony(form, optionsJSON, useBrowserAutofill) {
    return form.dataset.passkey === "register"
      ? passkeys.startRegistration({ optionsJSON })
      : passkeys.startAuthentication({ optionsJSON, useBrowserAutofill, verifyBrowserAutofillInput: false });
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("button");
    const failed = form.querySelector("[data-passkey-failed]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.disabled = true;
      failed.hidden = true;
      try {
        // Cancels the quiet ceremony of autofill, if one is waiting.
        send(form, await ceremony(form, await options(form), false));
      } catch {
        failed.hidden = false;
        button.disabled = false;
      }
    });
  }

  // Passkeys among the suggestions of a field with autocomplete="username webauthn". Silence and refusal
  // are the same here: the visitor types, or presses the button.
  async function autofill() {
    const form = document.querySelector('form[data-passkey="sign-in"]');
    if (!form || !document.querySelector('[autocomplete~="webauthn"]')) return;
    if (!(await passkeys.browserSupportsWebAuthnAutofill())) return;
    send(form, await ceremony(form, await options(form), true));
  }
  autofill().catch(() => {});
})();
