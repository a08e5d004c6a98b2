FLASK_APP=hotline.cli
