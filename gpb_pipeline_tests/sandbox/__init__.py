"""The sandbox: a Canvas and a SIS, asked over HTTP as the pipeline asks them."""
