"""Work for the owners of sources in which a person looks: asked, reminded, opened by a link and a code, answered."""
