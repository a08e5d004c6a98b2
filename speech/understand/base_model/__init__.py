"""The model of understanding that comes with the service, and the labelled cases that it is made from."""
