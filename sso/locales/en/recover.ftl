# The forgotten password.
recover = Recover your account
recover-why = Type your identity number. If the account has a confirmed mobile number and codes, we send a code to it.
recover-passkey-why = Is there a passkey on this device? Sign in with it, then choose a new password.
recover-desk = You have none of these?
recover-desk-advice = Go to the nearest verification office with your identity card, and the clerk will hand you a new activation code. Accounts cannot be recovered by telephone or e-mail.
recover-proof = Prove that the account is yours
recover-proof-why = If the account can be recovered from here, we have sent a code to its confirmed mobile number. Type it together with the code from your code app, or with a recovery code.
recover-proof-wrong = One of the two codes is wrong or too old. Check both and try again.
recover-password = A new password
recover-password-why =
    { $count ->
        [one] Type at least { $count } character. A sentence of words you know is easier to remember and harder to guess. Spaces are welcome.
       *[other] Type at least { $count } characters. A sentence of words you know is easier to remember and harder to guess. Spaces are welcome.
    }
recover-password-new = New password
recover-password-again = New password again
recover-password-button = Save the password
recover-done = The password is changed
recover-done-advice = Your account was signed out on all devices. Sign in now with the new password.
