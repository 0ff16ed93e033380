from fault import Faults

fault = Faults("bash", wide=True)
