"""fetch → build → publish: the rooms composed. What is domain logic lies in the rooms."""
