# What stands around every page.
portal = Hukumati
page-title = { $title } – { $portal }
title-refused = Error:
owner = State of Palestine
skip-to-content = Skip to content
other-language = العربية
your-visit = Your visit
signed-in = Account:
signed-in-as = Signed in as { $name }
level = Verification level { $level }
account = My account
sign-out = Sign out
about = About this portal
help = Help and contact
accessibility = Accessibility statement
privacy = Privacy
refused-title = There is something to correct
error = Error:
day = Day
month = Month
year = Year
password-show = Show
password-hide = Hide
passkey-failed = Signing in with the passkey did not finish. Try again, or choose another way.
change = Change
pages = Pages
previous-page = Previous
next-page = Next
step-passed = (done)
copy = Copy
copied = Copied
back = Back
minutes =
    { $count ->
        [0] less than a minute
        [one] { $count } minute
       *[other] { $count } minutes
    }
