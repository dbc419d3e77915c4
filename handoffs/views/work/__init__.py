"""What My work shows to each role: a room for each; the page itself is `handoffs.views.home`."""
