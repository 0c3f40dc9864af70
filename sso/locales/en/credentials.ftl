# What people prove themselves with: why something is not taken, and what to do.
password-too-short =
    { $count ->
        [one] The password has fewer than { $count } character. Make it longer: a sentence of words you know is easier to remember and harder to guess.
       *[other] The password has fewer than { $count } characters. Make it longer: a sentence of words you know is easier to remember and harder to guess.
    }
password-too-long =
    { $count ->
       *[other] The password has more than { $count } characters. Choose a shorter one.
    }
password-common = This is one of the common passwords that are tried first. Choose words that are not usually found together.
password-pattern = These letters or digits follow each other or repeat, and are easy to guess. Choose words that are not usually found together.
password-personal = The password is made of what others know about you, such as your name, your number or your date of birth. Choose what nobody knows.
password-different = The two passwords are not the same. Type the same one twice.
passkey-over = The time for the passkey is over. Press the button and try again.
passkey-invalid = We could not verify the passkey. Try again, or choose another way.
passkey-unknown = This passkey does not belong to this account. Choose another passkey or another way.
passkey-suspended = We stopped taking this passkey, because there may be a copy of it. Sign in another way, then remove it on your account page and add a new one.
passkey-full = This passkey was added before, or you have as many as you may have. Remove one you do not use, and try again.
activity-signed-in = Signed in with the password
activity-signed-in-with-code = Signed in with the password and a code
activity-signed-in-with-passkey = Signed in with a passkey
activity-proven-again = Identity proven again
activity-code-refused = Right password, wrong codes
activity-password-changed = Password changed
activity-passkey-added = Passkey added
activity-passkey-renamed = Passkey renamed
activity-passkey-removed = Passkey removed
activity-passkey-suspended = A passkey that may have a copy was stopped
activity-totp-added = Code app connected
activity-totp-removed = Code app disconnected
activity-recovery-codes-made = New recovery codes made
activity-recovery-code-used = Recovery code used
activity-mobile-confirmed = Mobile number confirmed for sign-in codes
activity-mobile-removed = Sign-in codes to the mobile number stopped
