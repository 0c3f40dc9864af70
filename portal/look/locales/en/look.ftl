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
search = Search

# When the way leads to no page: what happened, and what comes next.
fault-not-found = There is no page at this address
fault-not-found-text = Check the address if you typed it, or begin at the first page.
fault-malformed = We did not understand this request
fault-malformed-text = The link that brought you here has a mistake that is not yours. Go back to the service you came from and begin again.
fault-not-allowed = You are not allowed to see this page
fault-not-allowed-text = If this is part of your work, ask the administrator of your department for access.
fault-expired = This page is too old
fault-expired-text = To protect you, a page does not stay open for long. Nothing was sent; begin again.
fault-too-many = Too many tries
fault-too-many-text = To protect your account we have stopped for a while. Wait a few minutes and try again.
fault-failed = Something went wrong here
fault-failed-text = The mistake is ours and is on record. Try again in a little while.
fault-unavailable = The service is not available now
fault-unavailable-text = We are working to bring it back. Try again in a few minutes.
fault-reference = Reference for the help desk:
fault-again = Try again
fault-home = First page
