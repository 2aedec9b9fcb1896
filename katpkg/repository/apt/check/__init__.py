"""What apt would find in an archive, and more, from nothing but its published files, whoever made it."""
