# SMS and e-mail. They are read on locked screens: no name in them and no identity number.
message-subject = A notice from Hukumati about your account
message-sms-code = Hukumati: your code is { $code }. It is good for ten minutes. Give it to nobody: our staff never ask for it.
message-recovery-code-sms = Hukumati: { $code } is the code to recover your account. It is good for ten minutes. If you did not ask for it, ignore this message and give the code to nobody.
message-password-changed = Hukumati: the password of your account was changed. If that was not you, recover your account from the sign-in page now, or go to the nearest office.
message-passkey-added = Hukumati: a new passkey was added to your account. If that was not you, remove it on your account page, or go to the nearest office.
message-passkey-removed = Hukumati: a passkey was removed from your account. If that was not you, go to the nearest office.
message-passkey-suspended = Hukumati: we stopped taking one of your passkeys, because there may be a copy of it. Sign in another way, then remove it and add a new one.
message-totp-added = Hukumati: a code app was connected to your account. If that was not you, remove it on your account page, or go to the nearest office.
message-totp-removed = Hukumati: the code app was disconnected from your account. If that was not you, go to the nearest office.
message-recovery-codes-made = Hukumati: new recovery codes were made for your account, and the old ones ended. If that was not you, go to the nearest office.
message-recovery-code-used = Hukumati: a recovery code was used to sign in to your account. If that was not you, change your password now, or go to the nearest office.
message-mobile-confirmed = Hukumati: this number now gets the sign-in codes of your account. If that was not you, go to the nearest office.
message-mobile-removed = Hukumati: this number no longer gets the sign-in codes of your account. If that was not you, go to the nearest office.
message-account-ready = Hukumati: your account is approved. Activate it with the code from the office. If you did not visit an office, go to the nearest one at once.
message-account-proven-again = Hukumati: an office verified you again, and the old ways to sign in ended. Activate your account with the code you received. If you did not visit an office, go to the nearest one at once.
message-account-active = Hukumati: your account is active. If it was not you who activated it, go to the nearest office at once.
message-code-refused = Hukumati: your password was typed right, then wrong codes. If that was not you, change your password now.
